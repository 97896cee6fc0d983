/** The progress bar on the terminal: stage, bytes, speed and time left, on stderr so that pipes stay clean. */
import { SingleBar } from 'cli-progress';
import type { RestoreProgress } from '../../shared/backup.ts';
import { formatDuration, formatSize, visible } from '../../shared/words/formats.ts';
import type { Language } from '../../shared/words/languages.ts';
import type { CliWords } from './words.ts';

export interface ProgressBar {
  update(progress: RestoreProgress): void;
  stop(): void;
}

/** A bar where stderr is a terminal; elsewhere nothing is shown. */
export function progressBar(shown: boolean, words: CliWords, language: Language): ProgressBar {
  if (!shown || !process.stderr.isTTY) return { update: () => undefined, stop: () => undefined };
  const bar = new SingleBar({
    format: '{stage}  {bar} {percentage}%  {bytes}  {speed}  {left}  {active}',
    stream: process.stderr,
    barsize: 24,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    hideCursor: true,
    clearOnComplete: true,
    gracefulExit: false,
  });
  let started = false;
  return {
    update(progress) {
      const payload = payloadOf(progress, words, language);
      if (started) bar.update(progress.doneBytes, payload);
      else bar.start(progress.totalBytes, progress.doneBytes, payload);
      started = true;
    },
    stop() {
      if (started) bar.stop();
    },
  };
}

function payloadOf(progress: RestoreProgress, words: CliWords, language: Language) {
  const { doneBytes, totalBytes, bytesPerSecond, secondsLeft } = progress;
  return {
    stage: words.stages[progress.stage],
    bytes: `${formatSize(doneBytes, language)} / ${formatSize(totalBytes, language)}`,
    speed: bytesPerSecond === null ? '' : `${formatSize(bytesPerSecond, language)}/s`,
    left: secondsLeft === null ? words.estimating : words.left(formatDuration(secondsLeft, language)),
    active: visible(progress.active.map(({ qube, file }) => `${qube}/${file}`).join('  ')).slice(0, 60),
  };
}
