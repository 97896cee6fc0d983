/** The fuses of Electron as they should be, and as they are in a packaged program. */
import { FuseV1Options, getCurrentFuseWire } from '@electron/fuses';

/** None that lets anybody run, load or look into anything else than the app. */
export const rightFuses = {
  [FuseV1Options.RunAsNode]: false,
  // The wizard has no cookies, and for their key macOS would ask for the keychain.
  [FuseV1Options.EnableCookieEncryption]: false,
  [FuseV1Options.EnableNodeOptionsEnvironmentVariable]: false,
  [FuseV1Options.EnableNodeCliInspectArguments]: false,
  [FuseV1Options.EnableEmbeddedAsarIntegrityValidation]: true,
  [FuseV1Options.OnlyLoadAppFromAsar]: true,
  [FuseV1Options.LoadBrowserProcessSpecificV8Snapshot]: false,
  [FuseV1Options.GrantFileProtocolExtraPrivileges]: false,
  // Bounds of WebAssembly's memories are checked by the processor, without which keys and content take far longer.
  [FuseV1Options.WasmTrapHandlers]: true,
} satisfies Required<Record<FuseV1Options, boolean>>;

/** How a fuse is written into the program: as a digit. */
export const [disabled, enabled] = [0x30, 0x31];

/** Which fuses of the packaged `program` are enabled. */
export async function readFuses(program: string): Promise<Readonly<Record<string, boolean>>> {
  const wire = Object.entries(await getCurrentFuseWire(program)).filter(([fuse]) => fuse !== 'version');
  return Object.fromEntries(wire.map(([fuse, state]) => [fuse, Number(state) === enabled]));
}
