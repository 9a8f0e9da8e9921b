// How the console is built and tried out. The build goes into the Python package, which serves
// it; `npm run dev` serves it with a stub of the API (see dev/), or with a real one when
// STATEROOM_API names its address.
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { stub } from "./dev/stub.ts";

const api = process.env.STATEROOM_API;

export default defineConfig({
  plugins: [react(), !api && stub()],
  build: {
    outDir: "../src/stateroom/console",
    emptyOutDir: true,
    // Everything is a file of ours: the content security policy knows no data: scripts or styles.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // One file of script; `npm run size` bounds it.
    chunkSizeWarningLimit: 1024,
  },
  server: {
    port: Number(process.env.PORT ?? 5170),
    strictPort: true,
    proxy: api ? { "/api": { target: api, changeOrigin: true } } : {},
  },
});
