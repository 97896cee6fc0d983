/** What electron-builder calls when a package is laid out: sets every fuse in its program, right before it is signed. */
import { join } from 'node:path';
import { flipFuses, FuseVersion } from '@electron/fuses';
import type { AfterPackContext } from 'electron-builder';
import { rightFuses } from './fuses.ts';

const endings: Readonly<Record<string, string>> = { darwin: '.app', win32: '.exe', linux: '' };

/** Refuses a program that has a fuse which nobody has decided about. */
export async function afterPack({
  appOutDir,
  electronPlatformName,
  packager,
}: AfterPackContext): Promise<void> {
  const { executableName } = packager as { readonly executableName?: string };
  const name = executableName ?? packager.appInfo.productFilename;
  await flipFuses(join(appOutDir, `${name}${endings[electronPlatformName] ?? ''}`), {
    version: FuseVersion.V1,
    strictlyRequireAllFuses: true,
    // Apple's own processors start nothing whose signature does not fit.
    resetAdHocDarwinSignature: electronPlatformName === 'darwin',
    ...rightFuses,
  });
}
