/** The chat on a host page, as a visitor handles it. */

import { expect, type Frame, type Locator, type Page } from '@playwright/test'

export class Chat {
  private constructor(readonly frame: Frame) {}

  /** The chat's frame, once it is there; it may not be open yet. */
  static async on(page: Page): Promise<Chat> {
    const inFrame = () => page.frames().find((frame) => frame.url().includes('/embed/chat/v2/'))
    await expect.poll(() => inFrame() !== undefined).toBe(true)
    const frame = inFrame()
    if (!frame) throw new Error('the frame is gone')
    await frame.locator('.panel').waitFor({ state: 'attached' })
    return new Chat(frame)
  }

  /** Opened by its button, which floats in a closed shadow and is found by where it is. */
  static async opened(page: Page, side: 'left' | 'right' = 'left'): Promise<Chat> {
    const chat = await Chat.on(page)
    const { width, height } = page.viewportSize() ?? { width: 0, height: 0 }
    const x = side === 'left' ? 48 : width - 48
    await expect(async () => {
      if (!(await chat.input.isVisible())) await page.mouse.click(x, height - 48)
      await expect(chat.input).toBeVisible({ timeout: 1_000 })
    }).toPass()
    return chat
  }

  get input(): Locator {
    return this.frame.locator('#say')
  }

  get answers(): Locator {
    return this.frame.locator('article.agent .prose')
  }

  /** Says something, once the answer before is there. */
  async say(text: string): Promise<void> {
    await this.frame.getByRole('button', { name: 'Send' }).waitFor({ state: 'attached' })
    await this.input.fill(text)
    await this.input.press('Enter')
  }

  async answered(text: string): Promise<void> {
    await expect(this.answers.filter({ hasText: text }).first()).toBeVisible()
  }
}
