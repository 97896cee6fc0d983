/** A framed remark: a problem in the words of the catalogue, or a short hint. */
import { CircleAlert, Info, TriangleAlert, type LucideIcon } from 'lucide-react';
import { useId, type ReactNode } from 'react';
import { commandOf, severityOf, type Problem, type Severity } from '../../shared/problems.ts';
import { apartFromRenamings } from '../../shared/words/renaming-words.ts';
import { useSpeech } from '../i18n/speech.ts';
import { Command } from './command.tsx';

const icons: Readonly<Record<Severity, LucideIcon>> = {
  failure: CircleAlert,
  warning: TriangleAlert,
  notice: Info,
};

/** What happened, why, what to do, and by which command where there is one; read out at once where `urgent`. */
export function ProblemNote({
  problem,
  severity = severityOf(problem),
  urgent = false,
  id,
  action,
}: {
  readonly problem: Problem;
  /** How much it weighs here, where that differs. */
  readonly severity?: Severity | undefined;
  readonly urgent?: boolean;
  readonly id?: string;
  /** What can be done about it right here. */
  readonly action?: ReactNode;
}) {
  const { say, sayProblem } = useSpeech();
  const { what, why, todo } = sayProblem(problem);
  const command = commandOf(problem);
  const Icon = icons[severity];
  return (
    <div className={`note note-${severity}`} id={id} role={urgent ? 'alert' : undefined}>
      <Icon className="icon" aria-hidden />
      <div className="note-words">
        <p className="note-what">
          <span className="visually-hidden">{say(`severity.${severity}`)}: </span>
          {what}
        </p>
        <p>{why}</p>
        <p>{todo}</p>
        {command !== null && <Command text={command} />}
        {action && <div className="note-action">{action}</div>}
      </div>
    </div>
  );
}

/** Lines of one list that are shown; the saved report has them all. */
const shownLines = 100;

/** A list of problems, or nothing. Names that were changed are one note for each reason. */
export function ProblemNotes({
  problems,
  severity,
}: {
  readonly problems: readonly Problem[];
  readonly severity?: Severity | undefined;
}) {
  const id = useId();
  const { say, language } = useSpeech();
  const { lists, others } = apartFromRenamings(problems, language);
  return (
    <>
      {others.map((problem, index) => (
        <ProblemNote key={`${id}-${index}`} problem={problem} severity={severity} />
      ))}
      {lists.map(({ code, heading, lines }) => (
        <Hint key={`${id}-${code}`}>
          <p className="note-what">{heading}</p>
          <ul className="fine mono">
            {lines.slice(0, shownLines).map((line, index) => (
              <li key={index}>{line}</li>
            ))}
          </ul>
          {lines.length > shownLines && (
            <p className="fine">{say('copy.moreProblems', { count: lines.length - shownLines })}</p>
          )}
        </Hint>
      ))}
    </>
  );
}

export function Hint({
  children,
  severity = 'notice',
  icon: Icon = icons[severity],
}: {
  readonly children: ReactNode;
  readonly severity?: Severity;
  readonly icon?: LucideIcon;
}) {
  return (
    <div className={`note note-${severity}`}>
      <Icon className="icon" aria-hidden />
      <div className="note-words">{children}</div>
    </div>
  );
}
