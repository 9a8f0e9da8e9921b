// The secrets that a blueprint names, for a tenant that is not there yet. Write only, as ever.
import { TextField } from "../../ui";
import type { AskedSecret } from "./useNewTenantsBlueprint";

interface Props {
  asked: readonly AskedSecret[];
  written: { [name: string]: string };
  wrong(name: string): string | undefined;
  onWrite(name: string, value: string): void;
}

export function SecretFields({ asked, written, wrong, onWrite }: Props) {
  return asked.map(({ name, required }) => (
    <TextField
      key={name}
      type="password"
      label={name}
      autoComplete="new-password"
      help={
        required
          ? "A secret that it cannot start without. Nobody can read it again."
          : "A secret; it can be given later. Nobody can read it again."
      }
      value={written[name] ?? ""}
      error={wrong(name)}
      onChange={(event) => onWrite(name, event.target.value)}
    />
  ));
}
