import { render, screen } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { expect, it, vi } from 'vitest'
import { ApiError } from '@/lib/api/error'
import type { Followed, FollowedStore } from '../live'
import { GapLine } from './GapLine'

const gap = { from: 1, to: 900 }
const error = new ApiError({ status: 500, kind: 'api_error', message: 'storage failed' })

function show(change: Partial<Followed> = {}) {
  const followed = { reading: undefined, faults: [], ...change } as Followed
  const store = { readBefore: vi.fn(), readAgain: vi.fn(), cancel: vi.fn() }
  render(<GapLine gap={gap} followed={followed} store={store as unknown as FollowedStore} isFirst />)
  return { store, user: userEvent.setup() }
}

it('says how much is missing, and reads it when asked', async () => {
  const { store, user } = show()
  expect(screen.getByRole('status')).toHaveTextContent('900 older events not shown')
  await user.click(screen.getByRole('button', { name: 'Show' }))
  expect(store.readBefore).toHaveBeenCalledWith(gap)
})

it('says what it is reading, and stops', async () => {
  const { store, user } = show({ reading: { from: 601, to: 900 } })
  expect(screen.getByRole('status')).toHaveTextContent('Reading 900 older events…')
  await user.click(screen.getByRole('button', { name: 'Stop' }))
  expect(store.cancel).toHaveBeenCalled()
})

it('says why it was not read, and tries again', async () => {
  const fault = { page: { from: 601, to: 950 }, near: 700, error }
  const { store, user } = show({ faults: [fault] })
  expect(screen.getByRole('status')).toHaveTextContent('Not read: storage failed')
  await user.click(screen.getByRole('button', { name: 'Try again' }))
  expect(store.readAgain).toHaveBeenCalledWith(fault)
  expect(store.readBefore).not.toHaveBeenCalled()
})

it('tells nothing of what was not read elsewhere', async () => {
  const { store, user } = show({ faults: [{ page: { from: 2_001, to: 2_300 }, near: 2_001, error }] })
  expect(screen.getByRole('status')).toHaveTextContent('900 older events not shown')
  await user.click(screen.getByRole('button', { name: 'Show' }))
  expect(store.readBefore).toHaveBeenCalledWith(gap)
})
