/// <reference types="vitest/config" />
import { defineConfig } from "vite";

/** The panel: one script and one style, under fixed names (the server puts their version in the address). */
export default defineConfig({
  publicDir: false,
  build: {
    outDir: "dist",
    emptyOutDir: true,
    target: "es2022",
    modulePreload: false,
    cssCodeSplit: false,
    rollupOptions: {
      input: "src/panel/main.tsx",
      output: { entryFileNames: "panel.js", assetFileNames: "panel.[ext]", codeSplitting: false },
    },
  },
  test: { environment: "jsdom", css: true, include: ["tests/**/*.test.{ts,tsx}"] },
});
