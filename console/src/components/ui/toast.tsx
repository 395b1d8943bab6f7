import { X } from 'lucide-react'
import { Toast as Parts } from 'radix-ui'
import { useSyncExternalStore } from 'react'
import { inFull } from '@/lib/api/error'
import { cx } from '@/lib/classes'
import { IconButton } from './button'

interface Toast {
  id: number
  title: string
  description?: string | undefined
  tone?: 'good' | 'bad' | undefined
}

let toasts: readonly Toast[] = []
let last = 0
const listeners = new Set<() => void>()

function set(next: readonly Toast[]) {
  toasts = next
  for (const listener of listeners) listener()
}

/** Says what has just been done, or could not be. */
export function toast(said: Omit<Toast, 'id'>) {
  last += 1
  set([...toasts.slice(-3), { ...said, id: last }])
}

/** Says why something could not be done: `onError: toastError('The key was not deleted')`. */
export function toastError(title: string) {
  return (thrown: unknown) => toast({ title, description: inFull(thrown), tone: 'bad' })
}

export function Toasts() {
  const shown = useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => toasts,
  )
  return (
    <Parts.Provider duration={6000} swipeDirection="right">
      {shown.map((said) => (
        <Parts.Root
          key={said.id}
          type={said.tone === 'bad' ? 'foreground' : 'background'}
          onOpenChange={(open) => open || set(toasts.filter((other) => other.id !== said.id))}
          className="flex w-full animate-appear items-start gap-2 rounded-md bg-raised py-2.5 pr-1.5 pl-3 shadow-float"
        >
          <div className="min-w-0 grow">
            <Parts.Title className={cx('font-medium', said.tone === 'bad' && 'text-bad')}>
              {said.title}
            </Parts.Title>
            {said.description && (
              <Parts.Description className="text-muted text-sm first-letter:uppercase">
                {said.description}
              </Parts.Description>
            )}
          </div>
          <Parts.Close asChild>
            <IconButton label="Dismiss" size="sm">
              <X />
            </IconButton>
          </Parts.Close>
        </Parts.Root>
      ))}
      <Parts.Viewport className="fixed right-0 bottom-0 z-50 flex w-96 max-w-full flex-col gap-2 p-4" />
    </Parts.Provider>
  )
}
