/** Promises of `npm start` about Electron's program: found where it is, and never waited for where it is not. */
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { electronIsWithinReach, installedElectron, sandboxIsRefused } from '../../scripts/find-electron.ts';

const programs: Partial<Record<NodeJS.Platform, string>> = {
  darwin: 'Electron.app/Contents/MacOS/Electron',
  win32: 'electron.exe',
};

/** A place to fetch from that answers as `listener` does; its requests are noted. */
async function mirror(
  listener: RequestListener,
): Promise<{ environment: NodeJS.ProcessEnv; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    listener(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    environment: { ELECTRON_MIRROR: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` },
    asked,
  };
}

describe('Electron’s program', () => {
  it('is found where the person says it is', async () => {
    const dist = await mkdtemp(join(tmpdir(), 'lifeboat-electron-'));
    onTestFinished(() => rm(dist, { recursive: true }));
    const environment = { ELECTRON_OVERRIDE_DIST_PATH: dist };
    expect(installedElectron(environment)).toBeNull();
    const program = join(dist, programs[process.platform] ?? 'electron');
    await mkdir(dirname(program), { recursive: true });
    await writeFile(program, '');
    expect(installedElectron(environment)).toBe(program);
  });

  it('is not one whose installation was interrupted', async () => {
    const installation = await mkdtemp(join(tmpdir(), 'lifeboat-electron-'));
    onTestFinished(() => rm(installation, { recursive: true }));
    const name = programs[process.platform] ?? 'electron';
    const program = join(installation, 'dist', name);
    await mkdir(dirname(program), { recursive: true });
    await writeFile(program, '');
    await writeFile(join(installation, 'package.json'), '{ "version": "45.4.1" }');
    expect(installedElectron({}, installation)).toBeNull();
    await writeFile(join(installation, 'dist/version'), '44.0.0');
    await writeFile(join(installation, 'path.txt'), name);
    expect(installedElectron({}, installation)).toBeNull();
    await writeFile(join(installation, 'dist/version'), '45.4.1');
    expect(installedElectron({}, installation)).toBe(program);
  });

  it('is not fetched where the system refuses the sandbox of what is only fetched', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'lifeboat-electron-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const restriction = join(folder, 'restrict');
    expect(sandboxIsRefused('linux', restriction, 1000)).toBe(false);
    await writeFile(restriction, '1\n');
    expect(sandboxIsRefused('linux', restriction, 1000)).toBe(true);
    // Root runs without a sandbox anyway.
    expect(sandboxIsRefused('linux', restriction, 0)).toBe(false);
    expect(sandboxIsRefused('darwin', restriction, 1000)).toBe(false);
    await writeFile(restriction, '0\n');
    expect(sandboxIsRefused('linux', restriction, 1000)).toBe(false);
  });

  it.each([200, 302])('is within reach where a mirror answers %d, and is not fetched yet', async (status) => {
    const { environment, asked } = await mirror((_, response) =>
      response.writeHead(status, { location: '/x' }).end(),
    );
    expect(await electronIsWithinReach(environment)).toBe(true);
    expect(asked).toEqual([expect.stringMatching(/^HEAD \/v\d+\.\d+\.\d+\/electron-v[\d.]+-\w+-\w+\.zip$/)]);
  });

  it('is not where a proxy refuses it', async () => {
    const { environment } = await mirror((_, response) => response.writeHead(403).end());
    expect(await electronIsWithinReach(environment)).toBe(false);
  });

  it('is not where nobody listens, which shows at once', async () => {
    const started = performance.now();
    expect(await electronIsWithinReach({ ELECTRON_MIRROR: 'http://127.0.0.1:1/' })).toBe(false);
    expect(performance.now() - started).toBeLessThan(1_000);
  });

  it('is not where nobody answers, which shows within seconds', async () => {
    const { environment } = await mirror(() => undefined);
    const started = performance.now();
    expect(await electronIsWithinReach(environment)).toBe(false);
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});
