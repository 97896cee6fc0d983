/** A bar of work done, with a text for those who cannot see it. */
import { ProgressBar as AriaProgressBar } from 'react-aria-components';

interface BarProps {
  readonly label: string;
  /** 0 to 100; null while nothing can be said. */
  readonly percent: number | null;
  readonly valueText: string;
  readonly small?: boolean;
}

export function Bar({ label, percent, valueText, small = false }: BarProps) {
  return (
    <AriaProgressBar
      aria-label={label}
      value={percent ?? 0}
      isIndeterminate={percent === null}
      valueLabel={valueText}
      // react-aria leaves the text out of an indeterminate bar; "Getting ready" is worth hearing too.
      aria-valuetext={valueText}
      className={small ? 'progress progress-small' : 'progress'}
    >
      <div className="progress-track">
        <div
          className={percent === null ? 'progress-fill progress-unsure' : 'progress-fill'}
          style={percent === null ? {} : { inlineSize: `${percent}%` }}
        />
      </div>
    </AriaProgressBar>
  );
}
