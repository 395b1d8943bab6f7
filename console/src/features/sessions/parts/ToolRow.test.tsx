import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { render, screen, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { beforeEach, expect, it, vi } from 'vitest'
import { TipProvider } from '@/components/ui/tooltip'
import { loginQuery } from '@/lib/api/login'
import type { Login, Role } from '@/lib/api/people'
import type { SessionEvent, ToolCall } from '@/lib/session/log'
import custom from '@/lib/session/recorded/custom.json'
import denied from '@/lib/session/recorded/denied.json'
import waits from '@/lib/session/recorded/waiting.json'
import { replay } from '@/lib/session/reduce'
import { tableOf } from './Json'
import { ToolRow } from './ToolRow'

const sent: unknown[] = []

beforeEach(() => {
  sent.length = 0
  vi.stubGlobal('fetch', async (request: Request) => {
    sent.push(await request.json())
    return Response.json({ data: [] })
  })
})

function toolOf(events: unknown): ToolCall {
  const tool = [...replay(events as SessionEvent[]).tools.values()].at(-1)
  if (!tool) throw new Error('the recording has changed')
  return tool
}

function show(tool: ToolCall, role: Role = 'member') {
  const client = new QueryClient()
  client.setQueryData(loginQuery.queryKey, { member: { role } } as Login)
  render(
    <QueryClientProvider client={client}>
      <TipProvider>
        <ToolRow tool={tool} isEnd sessionId="sesn_1" isSelected={false} onSelect={() => {}} />
      </TipProvider>
    </QueryClientProvider>,
  )
  return userEvent.setup()
}

it('shows what waits with its arguments, and allows it only after a second word when it is unsafe', async () => {
  const tool = toolOf(waits)
  const user = show(tool)
  expect(screen.getByText('needs you')).toBeVisible()
  expect(screen.getByLabelText('Arguments')).toHaveTextContent('"room": "Blue"')
  await user.click(screen.getByRole('button', { name: 'Allow' }))
  expect(sent).toEqual([])
  await user.click(within(screen.getByRole('dialog')).getByRole('button', { name: 'Allow' }))
  expect(sent).toEqual([
    { events: [{ type: 'user.tool_confirmation', tool_use_id: tool.id, result: 'allow' }] },
  ])
})

it('leaves the decision to those who may decide', () => {
  show(toolOf(waits), 'viewer')
  expect(screen.getByText('Viewers only look: a member decides.')).toBeVisible()
  expect(screen.queryByRole('button', { name: 'Allow' })).toBeNull()
})

it('denies with a reason that the agent is told', async () => {
  const tool = toolOf(waits)
  const user = show(tool)
  await user.click(screen.getByRole('button', { name: 'Deny' }))
  await user.type(screen.getByLabelText('Why not'), 'It is painted.')
  await user.click(screen.getByRole('button', { name: 'Deny' }))
  const events = [
    { type: 'user.tool_confirmation', tool_use_id: tool.id, result: 'deny', deny_message: 'It is painted.' },
  ]
  expect(sent).toEqual([{ events }])
})

it('asks nothing about what is decided', () => {
  show(toolOf(denied))
  expect(screen.getByText('denied')).toBeVisible()
  expect(screen.queryByRole('button', { name: 'Allow' })).toBeNull()
})

it('lets a person answer for a client', async () => {
  const tool = toolOf(custom)
  const user = show(tool)
  await user.click(screen.getByRole('button', { name: /client’s place/ }))
  await user.type(screen.getByLabelText('Result of lookup'), 'c-1042 is Ada')
  await user.click(screen.getByRole('button', { name: 'Send the result' }))
  expect(sent).toEqual([
    {
      events: [
        {
          type: 'user.custom_tool_result',
          custom_tool_use_id: tool.id,
          content: [{ type: 'text', text: 'c-1042 is Ada' }],
        },
      ],
    },
  ])
})

it('sees a table where there is one', () => {
  expect(tableOf([{ a: 1 }, { a: 2, b: null }])?.columns).toEqual(['a', 'b'])
  for (const none of [[{ a: 1 }], [{ a: {} }, { a: 1 }], [1, 2], { a: 1 }, 'text', null]) {
    expect(tableOf(none)).toBeUndefined()
  }
})
