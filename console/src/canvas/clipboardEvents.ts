// Copy, cut and paste on the canvas, by the browser's own events: no permission is asked for, and
// the text goes to and comes from any other program.
import type { ClipboardEvent } from "react";
import { readYaml } from "../blueprint/yaml";
import { toast } from "../ui/Toast";
import { copied, paste, pasteable } from "./clipboard";
import { removeBlocks } from "./drawing";
import { useEditing } from "./editing";
import { isTyping } from "./keyboard";

export function useClipboard() {
  const { editor } = useEditing();

  const copy = (event: ClipboardEvent): boolean => {
    const { now, selection } = editor.getState();
    if (isTyping(event.target) || selection.size === 0) return false;
    event.clipboardData.setData("text/plain", copied(now, selection));
    event.preventDefault();
    return true;
  };

  const cut = (event: ClipboardEvent) => {
    const { selection, edit } = editor.getState();
    if (copy(event)) edit((now) => removeBlocks(now, selection));
  };

  const pasteInto = (event: ClipboardEvent) => {
    if (isTyping(event.target)) return;
    const text = event.clipboardData.getData("text/plain");
    const part = pasteable(text);
    if (!part) {
      const [problem] = readYaml(text).problems;
      toast(problem ? `Not pasted: ${problem.detail}` : "Not pasted: these are no blocks.");
      return;
    }
    event.preventDefault();
    const { now, edit, select } = editor.getState();
    const { drawing, ids, refused } = paste(now, part);
    for (const why of refused) toast(why);
    if (ids.length === 0) return;
    edit(() => drawing);
    select(ids);
  };

  return { copy: (event: ClipboardEvent) => void copy(event), cut, paste: pasteInto };
}
