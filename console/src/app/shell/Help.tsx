import { Dialog } from '@/components/ui/dialog'
import { Keys } from '@/components/ui/keys'
import { useKeyActions } from '@/lib/keys'

export function Help({ open, onOpenChange }: { open: boolean; onOpenChange: (open: boolean) => void }) {
  const actions = useKeyActions()
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title="Keys" description="What keys do on this page.">
      <dl className="grid grid-cols-[1fr_auto] gap-x-6">
        {actions.map((action) => (
          <div
            key={action.keys}
            className="col-span-2 grid h-9 grid-cols-subgrid items-center border-b last:border-0"
          >
            <dt>{action.label}</dt>
            <dd>
              <Keys of={action.keys.replace('Mod+k', 'Mod+K')} />
            </dd>
          </div>
        ))}
      </dl>
      <p className="pt-4 text-muted text-sm">
        The API is described at{' '}
        <a href="/docs" className="text-accent underline underline-offset-2">
          /docs
        </a>
        .
      </p>
    </Dialog>
  )
}
