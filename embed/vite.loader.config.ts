import { defineConfig } from "vite";

/** The loader, which stands in other people's pages: one classic script without a global of its own but `Sortie`. */
export default defineConfig({
  publicDir: false,
  build: {
    outDir: "dist",
    emptyOutDir: false,
    target: "es2020",
    lib: { entry: "src/loader/modal.ts", formats: ["iife"], name: "SortieLoader", fileName: () => "modal.js" },
  },
});
