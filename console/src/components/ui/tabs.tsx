import { Tabs as Parts } from 'radix-ui'
import type { ReactNode } from 'react'
import { cx } from '@/lib/classes'

export interface Tab {
  value: string
  label: ReactNode
  /** Where it is there at all: `lg:hidden`. */
  className?: string
}

interface TabsProps {
  /** For a screen reader. */
  label: string
  tabs: readonly Tab[]
  value: string
  onChange: (value: string) => void
  className?: string
  children: ReactNode
}

/** Tabs whose choice the caller keeps, best in the address. Children are {@link TabPanel}s. */
export function Tabs({ label, tabs, value, onChange, className, children }: TabsProps) {
  return (
    <Parts.Root
      value={value}
      onValueChange={onChange}
      className={cx('flex min-h-0 grow flex-col', className)}
    >
      <Parts.List aria-label={label} className="flex shrink-0 gap-5 overflow-x-auto border-b px-4 sm:px-6">
        {tabs.map((tab) => (
          <Parts.Trigger
            key={tab.value}
            value={tab.value}
            className={cx(
              '-mb-px h-9 shrink-0 border-transparent border-b-2 text-muted hover:text-ink data-[state=active]:border-accent data-[state=active]:font-medium data-[state=active]:text-ink',
              tab.className,
            )}
          >
            {tab.label}
          </Parts.Trigger>
        ))}
      </Parts.List>
      {children}
    </Parts.Root>
  )
}

export function TabPanel({
  value,
  className,
  children,
}: {
  value: string
  className?: string
  children: ReactNode
}) {
  return (
    <Parts.Content value={value} className={cx('min-h-0 grow outline-none', className)}>
      {children}
    </Parts.Content>
  )
}
