/**
 * Takes a picture of every state of the wizard, in light and dark, into `docs/screenshots/`: those that the documents
 * show, or that stand for their step, directly; all others into its folder `all`, which git leaves out.
 *
 * `node scripts/screenshots.ts [part of a name] [folder]` takes only those states, or writes elsewhere.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startWizardPages } from '../test/support/wizard-page.ts';
import { scenes } from '../test/support/wizard-states.ts';

const representative = new Set([
  '1-backup-idle',
  '1-backup-opened',
  '2-passphrase-idle',
  '2-passphrase-forms',
  '3-qubes-chosen',
  '3-qubes-not-included',
  '4-destination-planned',
  '4-destination-continues',
  '5-progress-restoring',
  '6-results-partial',
  '6-results-settings',
  '7-browse-selected',
  'help-by-hand',
]);

const [part = '', folder = fileURLToPath(new URL('../docs/screenshots', import.meta.url))] =
  process.argv.slice(2);
await mkdir(join(folder, 'all'), { recursive: true });
const pages = await startWizardPages();
for (const colorScheme of ['light', 'dark'] as const) {
  for (const scene of scenes.filter(({ name }) => name.includes(part))) {
    const wizard = await pages.open(scene.scenario, { colorScheme, reducedMotion: 'reduce' });
    await scene.walk(wizard);
    // A pointer or a ring of focus left from the walk is not part of the state.
    await wizard.page.mouse.move(0, 0);
    const place = join(folder, representative.has(scene.name) ? '' : 'all');
    await wizard.page.screenshot({ path: join(place, `${scene.name}-${colorScheme}.png`) });
    if (wizard.complaints.length > 0) console.warn(scene.name, wizard.complaints);
    await wizard.close();
  }
}
await pages.close();
