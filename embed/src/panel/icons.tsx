// The few signs there are. Each stands beside a name that is read out.

function Icon({ path }: { path: string }) {
  return (
    <svg viewBox="0 0 20 20" width="18" height="18" fill="none" stroke="currentColor" stroke-width="1.75"
      stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">
      <path d={path} />
    </svg>
  );
}

export const SendIcon = () => <Icon path="M10 16V4m0 0L5 9m5-5 5 5" />;
export const StopIcon = () => <Icon path="M6 6h8v8H6z" />;
export const CloseIcon = () => <Icon path="m5 5 10 10M15 5 5 15" />;
export const AgainIcon = () => <Icon path="M4 10a6 6 0 1 0 2-4.5M4 3v3.5h3.5" />;
export const DownIcon = () => <Icon path="M10 4v12m0 0 5-5m-5 5-5-5" />;
export const WarningIcon = () => <Icon path="M10 3 2.5 16.5h15L10 3Zm0 5v4m0 2.2v.1" />;
