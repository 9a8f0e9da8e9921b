// Tests of the pure parts and of small components; nothing here opens a socket.
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [react()],
  // Properties take their time on a busy machine; no test is about time.
  test: { testTimeout: 120_000, environment: "happy-dom", include: ["tests/**/*.test.{ts,tsx}"] },
});
