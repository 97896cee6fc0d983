/** The self-test of key derivation: no kernel is trusted with a backup before it reproduced published results. */
import { Buffer } from 'node:buffer';
import { problem, RecoveryError } from '../../../shared/problems.ts';
import { type DerivationKernel, type DerivationRequest } from './derivation.ts';
import { type Mixer } from './smix.ts';
import { createWasmKernel, type BatchForm } from './wasm-kernel.ts';

interface KnownAnswer {
  readonly request: DerivationRequest;
  readonly key: string;
}

function ascii(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'ascii'));
}

/**
 * The two cheaper pairs of RFC 7914, section 12. The second has 16 lanes of `r = 8`, enough for a mixer of several
 * lanes at once to show all its ways.
 */
export const knownAnswers: readonly KnownAnswer[] = [
  {
    request: { passphrase: ascii(''), salt: ascii(''), logN: 4, r: 1, p: 1 },
    key:
      '77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442' +
      'fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906',
  },
  {
    request: { passphrase: ascii('password'), salt: ascii('NaCl'), logN: 10, r: 8, p: 16 },
    key:
      'fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162' +
      '2eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640',
  },
];

/** The first of them alone, which takes no time. */
export const quickAnswers = knownAnswers.slice(0, 1);

/**
 * Checks that a kernel derives what RFC 7914 says, in some tens of milliseconds for all answers.
 *
 * @throws RecoveryError `derivation-self-test-failed`, also when the kernel throws
 */
export function selfTest(kernel: DerivationKernel, answers = knownAnswers): void {
  const enoughMemory = 2 ** 21;
  for (const { request, key } of answers) {
    let derived: string | undefined;
    let cause: unknown;
    try {
      derived = Buffer.from(kernel.derive(request, enoughMemory)).toString('hex');
    } catch (error) {
      cause = error;
    }
    if (derived !== key) {
      throw new RecoveryError(problem('derivation-self-test-failed', { kernel: kernel.name }), { cause });
    }
  }
}

/** Batches of every size, whole and with rows left out; each list adds up to the second answer's 16 lanes. */
const everyForm: readonly (readonly [BatchForm, ...BatchForm[]])[] = [
  [
    { lanes: 1, spacing: 1 },
    { lanes: 2, spacing: 1 },
    { lanes: 3, spacing: 1 },
    { lanes: 4, spacing: 1 },
    { lanes: 6, spacing: 1 },
  ],
  [
    { lanes: 5, spacing: 1 },
    { lanes: 1, spacing: 8 },
    { lanes: 4, spacing: 2 },
    { lanes: 6, spacing: 5 },
  ],
];

/**
 * Checks a mixer in the same way, in all its ways of mixing.
 *
 * @throws RecoveryError `derivation-self-test-failed`
 */
export function selfTestMixer(mixer: Mixer): void {
  for (const forms of everyForm) selfTest(createWasmKernel(mixer, forms));
}
