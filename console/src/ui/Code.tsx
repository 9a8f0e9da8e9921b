// Text for a machine, with a button that copies it.
import { useState } from "react";
import { Button } from "./Button";
import "./Code.css";
import { CheckIcon, CopyIcon } from "./icons";

export function CopyButton({ text, label = "Copy" }: { text: string; label?: string }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
    setTimeout(() => setCopied(false), 1_500);
  };
  return (
    <Button size="s" icon={copied ? <CheckIcon /> : <CopyIcon />} onClick={() => void copy()}>
      {copied ? "Copied" : label}
    </Button>
  );
}

export function Code({ text, label }: { text: string; label: string }) {
  return (
    <figure className="code">
      <figcaption className="code__head">
        <span>{label}</span>
        <CopyButton text={text} />
      </figcaption>
      {/* What scrolls is reached by keyboard. */}
      <section className="code__text" aria-label={label} tabIndex={0}>
        <pre>{text}</pre>
      </section>
    </figure>
  );
}
