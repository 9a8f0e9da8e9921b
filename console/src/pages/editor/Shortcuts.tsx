// The sheet of shortcuts.
import { SHORTCUTS } from "../../canvas/keyboard";
import { Dialog } from "../../ui";

export function Shortcuts({ onClose }: { onClose(): void }) {
  return (
    <Dialog title="Keyboard" onClose={onClose}>
      <p className="soft">
        All of it works while the canvas has the focus: press Tab to get there.
      </p>
      <dl className="shortcuts">
        {SHORTCUTS.map(({ keys, does }) => (
          <div key={does}>
            <dt>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
