// How the panel looks: the deployment's theme and colour, set without a style in the page.

import { readableOn, textOn } from "./color";
import type { Look } from "./protocol";

const USUAL = "#2f5bd7";
const GROUND = { light: "#ffffff", dark: "#16181d" };

/** Dresses the page, and goes on doing so when the system changes between light and dark. */
export function dress(look: Pick<Look, "theme" | "color">): void {
  const isDark = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    const theme = look.theme === "auto" ? (isDark.matches ? "dark" : "light") : look.theme;
    const color = look.color ?? USUAL;
    const { dataset, style } = document.documentElement;
    dataset["theme"] = theme;
    style.setProperty("color-scheme", theme);
    style.setProperty("--accent", color);
    style.setProperty("--on-accent", textOn(color));
    style.setProperty("--accent-text", readableOn(GROUND[theme], color));
  };
  apply();
  if (look.theme === "auto") isDark.addEventListener("change", apply);
}
