/** Pictures for documents, small enough to be kept. */

import { writeFile } from 'node:fs/promises'
import type { Page } from '@playwright/test'

/** The page as it stands, written as WebP. */
export async function takePicture(page: Page, file: string): Promise<void> {
  const png = await page.screenshot({ animations: 'disabled' })
  // The page's own policy forbids what is done here.
  const desk = await page.context().newPage()
  const webp = await desk.evaluate(async (drawn) => {
    const bitmap = await createImageBitmap(await (await fetch(`data:image/png;base64,${drawn}`)).blob())
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height)
    canvas.getContext('2d')?.drawImage(bitmap, 0, 0)
    const packed = await canvas.convertToBlob({ type: 'image/webp', quality: 0.85 })
    return [...new Uint8Array(await packed.arrayBuffer())]
  }, png.toString('base64'))
  await desk.close()
  await writeFile(file, Uint8Array.from(webp))
}
