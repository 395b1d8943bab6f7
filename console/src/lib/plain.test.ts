import { expect, it } from 'vitest'
import { plain } from './plain'

it.each([
  ['You have **60 days** from then.[[0]]', 'You have 60 days from then.'],
  ['## Checkout\n\nThe slowest went from **180 ms**', 'Checkout The slowest went from 180 ms'],
  ['One of four, `checkout-7d9f-2`, fails', 'One of four, checkout-7d9f-2, fails'],
  ['- *Praised*: [delivery](https://example.com/a)', '*Praised*: delivery'],
  ['2 * 3 is 6, and a_b stays', '2 * 3 is 6, and a_b stays'],
  ['cut in the **middl', 'cut in the **middl'],
])('%s', (text, line) => expect(plain(text)).toBe(line))
