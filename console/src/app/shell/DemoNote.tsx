import { X } from 'lucide-react'
import { useState } from 'react'
import { IconButton } from '@/components/ui/button'
import { useLogin } from '@/lib/api/login'

/** Over every page of a demo, until somebody has read it. */
export function DemoNote() {
  const { demo } = useLogin()
  const [isRead, setRead] = useState(false)
  if (!demo || isRead) return null
  return (
    <aside
      aria-label="Demo"
      className="flex min-h-8 shrink-0 items-center gap-3 border-b bg-sunken px-4 text-muted text-sm sm:px-6"
    >
      <span className="grow">
        <strong className="font-medium text-ink">Demo:</strong> everything here is made up.
      </span>
      <IconButton label="Close this note" size="sm" onClick={() => setRead(true)}>
        <X />
      </IconButton>
    </aside>
  )
}
