// The same program in several languages, one at a time.
import { useState } from "react";
import { Code, Tabs } from "../../ui";

interface Program {
  language: string;
  file: string;
  run: string;
  text: string;
}

export function CodeTabs({ label, programs }: { label: string; programs: readonly Program[] }) {
  const [chosen, setChosen] = useState(programs[0]?.language ?? "");
  const program = programs.find(({ language }) => language === chosen) ?? programs[0];
  if (!program) return null;
  return (
    <Tabs
      label={label}
      tabs={programs.map(({ language }) => ({ key: language, title: language }))}
      current={program.language}
      onChange={setChosen}
    >
      <div className="program">
        <Code label={`${program.file}, run with: ${program.run}`} text={program.text} />
      </div>
    </Tabs>
  );
}
