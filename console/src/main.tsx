// The first thing that runs: the look, the cache of answers, and the App.
import { QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "./ui/tokens.css";
import "./ui/base.css";
import { App } from "./App";
import { createQueries } from "./api/queries";
import { applyTheme } from "./theme";

applyTheme();
const root = document.getElementById("root");
if (!root) throw new Error("index.html has no #root: build the console anew.");
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={createQueries()}>
      <App />
    </QueryClientProvider>
  </StrictMode>,
);
