// Colours that can be read, whatever colour a deployment was given.

type Rgb = [number, number, number];

/** `#rrggbb` as numbers. */
export function parse(color: string): Rgb {
  const value = Number.parseInt(color.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

function written([red, green, blue]: Rgb): string {
  return `#${[red, green, blue].map((part) => Math.round(part).toString(16).padStart(2, "0")).join("")}`;
}

/** How light it looks, from 0 to 1 (WCAG 2.2). */
function luminance(color: Rgb): number {
  const [red, green, blue] = color.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as Rgb;
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** The contrast of two colours, from 1 to 21. */
export function contrast(one: string, other: string): number {
  const [dark, light] = [luminance(parse(one)), luminance(parse(other))].sort((a, b) => a - b) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

/** White or black, whichever is read better on a colour. */
export function textOn(color: string): string {
  return contrast(color, "#ffffff") >= contrast(color, "#000000") ? "#ffffff" : "#000000";
}

/** The colour itself, or as near to it as can be read as text on this ground. */
export function readableOn(ground: string, color: string): string {
  const towards = parse(luminance(parse(ground)) > 0.18 ? "#000000" : "#ffffff");
  const from = parse(color);
  for (let share = 0; share < 1; share += 0.05) {
    const mixed = written(from.map((part, at) => part + ((towards[at] ?? 0) - part) * share) as Rgb);
    if (contrast(mixed, ground) >= 4.6) return mixed;
  }
  return written(towards);
}
