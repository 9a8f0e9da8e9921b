// Tests of the pure parts and of small components; nothing here opens a socket.
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [react()],
  test: {
    // Properties take their time on a busy machine; no test is about time.
    testTimeout: 120_000,
    environment: "happy-dom",
    // A browser and every module anew for each file is two thirds of the time: files share them,
    // and each test sets what it needs.
    isolate: false,
    include: ["tests/**/*.test.{ts,tsx}"],
  },
});
