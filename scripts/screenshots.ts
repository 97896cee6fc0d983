/**
 * Takes a picture of every state of the wizard, in light and dark, into `docs/screenshots/`.
 *
 * `node scripts/screenshots.ts [part of a name] [folder]` takes only those states, or writes elsewhere.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startWizardPages } from '../test/support/wizard-page.ts';
import { scenes } from '../test/support/wizard-states.ts';

const [part = '', folder = fileURLToPath(new URL('../docs/screenshots', import.meta.url))] =
  process.argv.slice(2);
await mkdir(folder, { recursive: true });
const pages = await startWizardPages();
for (const colorScheme of ['light', 'dark'] as const) {
  for (const scene of scenes.filter(({ name }) => name.includes(part))) {
    const wizard = await pages.open(scene.scenario, { colorScheme, reducedMotion: 'reduce' });
    await scene.walk(wizard);
    // A pointer or a ring of focus left from the walk is not part of the state.
    await wizard.page.mouse.move(0, 0);
    await wizard.page.screenshot({ path: join(folder, `${scene.name}-${colorScheme}.png`) });
    if (wizard.complaints.length > 0) console.warn(scene.name, wizard.complaints);
    await wizard.close();
  }
}
await pages.close();
