// Where one is on the way. Steps that are behind can be gone back to, until the deploy has begun.
import { CheckIcon, classes } from "../../ui";
import { STEPS, type Step, stepNumber } from "./wizard";

interface Props {
  current: Step;
  canGoBack: boolean;
  onGo(step: Step): void;
}

export function Stepper({ current, canGoBack, onGo }: Props) {
  const at = stepNumber(current);
  return (
    <ol className="stepper" aria-label="Steps of the first deploy">
      {STEPS.map(({ key, title }, index) => {
        const isBehind = index < at;
        const mark = (
          <>
            <span className="stepper__mark" aria-hidden="true">
              {isBehind ? <CheckIcon size={13} /> : index + 1}
            </span>
            <span className="stepper__title">
              {title}
              {isBehind && <span className="visually-hidden">, done</span>}
            </span>
          </>
        );
        return (
          <li
            key={key}
            className={classes(isBehind && "stepper--behind", index === at && "stepper--here")}
            aria-current={index === at ? "step" : undefined}
          >
            {isBehind && canGoBack ? (
              <button type="button" onClick={() => onGo(key)}>
                {mark}
              </button>
            ) : (
              <span>{mark}</span>
            )}
          </li>
        );
      })}
    </ol>
  );
}
