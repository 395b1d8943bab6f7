import { type ReactNode, useState } from 'react'
import { Button } from '@/components/ui/button'
import { Dialog } from '@/components/ui/dialog'
import { ErrorNote } from '@/components/ui/states'
import { TextField } from '@/components/ui/textField'
import type { Schemas } from '@/lib/api/client'
import { asApiError } from '@/lib/api/error'
import { type Agent, type Deployment, useDeployments } from '../queries'
import { EmbedFields, embedForm, embedTrigger } from './EmbedFields'
import { HookFields, hookForm, hookTrigger } from './HookFields'
import { MonitorFields, monitorForm, monitorTrigger } from './MonitorFields'
import { ScheduleFields, scheduleForm, scheduleTrigger } from './ScheduleFields'
import { firstMessage, initialEvents, type Kind } from './trigger'

interface DialogProps {
  agent: Agent
  kind: Kind
  /** The one that is changed; a new one otherwise. */
  deployment: Deployment | undefined
  onClose: () => void
}

type Trigger = Schemas['TriggerParam']

/** A form for one kind: what the fields say as a trigger, or why they say nothing. */
interface FormOf {
  fields: ReactNode
  read: () => Trigger | { fault: string }
}

const NAMES: Record<Kind, string> = {
  embed: 'Chat on our page',
  schedule: 'Every morning',
  webhook: 'Messages from outside',
  rollout_monitor: 'Watch our rollouts',
}

const TITLES: Record<Kind, string> = {
  embed: 'embed',
  schedule: 'schedule',
  webhook: 'webhook',
  rollout_monitor: 'rollout monitor',
}

export function DeploymentDialog({ agent, kind, deployment, onClose }: DialogProps) {
  const [name, setName] = useState(deployment?.name ?? NAMES[kind])
  const [message, setMessage] = useState(deployment ? firstMessage(deployment) : '')
  const [fault, setFault] = useState<string>()
  const form = useForm(kind, deployment, message, setMessage)
  const { save } = useDeployments()
  const submit = () => {
    const trigger = form.read()
    if ('fault' in trigger) {
      setFault(trigger.fault)
      return
    }
    setFault(undefined)
    const events = kind === 'schedule' ? { initial_events: initialEvents(message) } : {}
    const body = { name: name.trim(), agent: agent.id, trigger, ...events }
    save.mutate({ id: deployment?.id, body }, { onSuccess: onClose })
  }
  return (
    <Dialog
      open
      wide
      onOpenChange={(open) => open || onClose()}
      title={deployment ? `Change ${deployment.name}` : `New ${TITLES[kind]}`}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button look="main" busy={save.isPending} disabled={name.trim() === ''} onClick={submit}>
            {deployment ? 'Save' : 'Create'}
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-4">
        <TextField label="Name" value={name} onChange={setName} />
        {form.fields}
        {fault && (
          <p role="alert" className="text-bad">
            {fault}
          </p>
        )}
        {save.isError && <ErrorNote error={asApiError(save.error)} />}
      </div>
    </Dialog>
  )
}

function useForm(
  kind: Kind,
  deployment: Deployment | undefined,
  message: string,
  onMessage: (text: string) => void,
): FormOf {
  const [schedule, setSchedule] = useState(() => scheduleForm(deployment))
  const [embed, setEmbed] = useState(() => embedForm(deployment))
  const [hook, setHook] = useState(() => hookForm(deployment))
  const [monitor, setMonitor] = useState(() => monitorForm(deployment))
  switch (kind) {
    case 'schedule':
      return {
        fields: (
          <ScheduleFields form={schedule} onChange={setSchedule} message={message} onMessage={onMessage} />
        ),
        read: () => scheduleTrigger(schedule, message),
      }
    case 'embed':
      return { fields: <EmbedFields form={embed} onChange={setEmbed} />, read: () => embedTrigger(embed) }
    case 'webhook':
      return { fields: <HookFields form={hook} onChange={setHook} />, read: () => hookTrigger(hook) }
    default:
      return {
        fields: <MonitorFields form={monitor} onChange={setMonitor} />,
        read: () => monitorTrigger(monitor, deployment),
      }
  }
}
