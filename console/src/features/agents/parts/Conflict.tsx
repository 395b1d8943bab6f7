import { useState } from 'react'
import { Button } from '@/components/ui/button'
import { Dialog } from '@/components/ui/dialog'
import { Time } from '@/components/ui/time'
import type { Agent } from '../queries'
import { changesBetween } from './diff'
import type { useEditing } from './editing'
import { Changes } from './Versions'

/** Somebody saved while this was being written: what they changed, and the two ways on. */
export function Conflict({ editing, theirs }: { editing: ReturnType<typeof useEditing>; theirs: Agent }) {
  const [isOpen, setOpen] = useState(false)
  return (
    <div
      role="alert"
      className="flex shrink-0 flex-wrap items-center gap-x-4 gap-y-2 border-b bg-warn-soft px-4 py-2 sm:px-6"
    >
      <p className="min-w-60 flex-1">
        Somebody saved version {theirs.version} <Time at={theirs.updated_at} />; you began from version{' '}
        {editing.base.version}. Nothing of yours is lost yet.
      </p>
      <div className="flex flex-wrap gap-2">
        <Button size="sm" onClick={() => setOpen(true)}>
          What they changed
        </Button>
        <Button size="sm" onClick={editing.takeTheirs}>
          Drop mine
        </Button>
        <Button size="sm" look="main" busy={editing.isSaving} onClick={editing.saveOver}>
          Save mine on top
        </Button>
      </div>
      <Dialog
        open={isOpen}
        onOpenChange={setOpen}
        wide
        title={`From version ${editing.base.version} to ${theirs.version}`}
        description="“Save mine on top” keeps these changes wherever you changed nothing yourself."
      >
        <Changes changes={changesBetween(editing.base, theirs)} />
      </Dialog>
    </div>
  )
}
