import { Check, Ellipsis } from 'lucide-react'
import { DropdownMenu } from 'radix-ui'
import type { ReactNode } from 'react'
import { cx } from '@/lib/classes'
import { IconButton } from './button'

/** A menu behind a button. Not modal: a modal one locks the page by an injected style. */
export function Menu({
  trigger,
  children,
  align = 'end',
  side = 'bottom',
}: {
  trigger: ReactNode
  children: ReactNode
  align?: 'start' | 'end'
  side?: 'bottom' | 'top'
}) {
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger asChild>{trigger}</DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content
          align={align}
          side={side}
          sideOffset={4}
          collisionPadding={8}
          className="z-50 min-w-44 animate-appear rounded-md bg-raised p-1 shadow-float"
        >
          {children}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  )
}

/** The ellipsis of a row. */
export function RowMenu({ label, children }: { label: string; children: ReactNode }) {
  return (
    <Menu
      trigger={
        <IconButton label={label} size="sm">
          <Ellipsis />
        </IconButton>
      }
    >
      {children}
    </Menu>
  )
}

interface ItemProps {
  onSelect: () => void
  icon?: ReactNode
  dangerous?: boolean
  disabled?: boolean
  checked?: boolean
  children: ReactNode
}

export function MenuItem({
  onSelect,
  icon,
  dangerous = false,
  disabled = false,
  checked = false,
  children,
}: ItemProps) {
  return (
    <DropdownMenu.Item
      onSelect={onSelect}
      disabled={disabled}
      className={cx(
        'flex h-8 items-center gap-2 rounded-sm px-2 outline-none data-disabled:opacity-50 data-highlighted:bg-hover',
        '[&_svg]:size-4 [&_svg]:text-faint',
        dangerous && 'text-bad [&_svg]:text-bad',
        checked && 'font-medium text-accent',
      )}
    >
      {icon}
      <span className="grow truncate">{children}</span>
      {checked && <Check aria-hidden className="ml-2 text-accent!" />}
    </DropdownMenu.Item>
  )
}

export function MenuSeparator() {
  return <DropdownMenu.Separator className="my-1 h-px bg-line" />
}

export function MenuLabel({ children }: { children: ReactNode }) {
  return <DropdownMenu.Label className="eyebrow px-2 py-1">{children}</DropdownMenu.Label>
}
