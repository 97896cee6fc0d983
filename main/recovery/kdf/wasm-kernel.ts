/** Key derivation by the mixer alone, on the calling thread: for the self-test, tests and measurements. */
import { checkCost, laneLength, type DerivationKernel } from './derivation.ts';
import { gatherLanes, startLane } from './pbkdf2.ts';
import { type LaneLayout, type Mixer } from './smix.ts';

/** How many lanes to take at once, and which rows of them to keep. */
export type BatchForm = Pick<LaneLayout, 'lanes' | 'spacing'>;

/** A kernel that mixes its lanes in batches of the given forms, in turn. Its memory is the mixer's. */
export function createWasmKernel(
  mixer: Mixer,
  forms: readonly [BatchForm, ...BatchForm[]],
): DerivationKernel {
  return {
    name: 'wasm',

    derive(request) {
      checkCost(request);
      const length = laneLength(request);
      const mixed = new Uint8Array(length * request.p);
      for (let first = 0, turn = 0; first < request.p; turn++) {
        const { lanes, spacing } = forms[turn % forms.length] ?? forms[0];
        const batch = Array.from({ length: Math.min(lanes, request.p - first) }, (_, i) =>
          startLane(request, first + i),
        );
        mixer.mix(batch, request, spacing);
        for (const lane of batch) mixed.set(lane, length * first++);
      }
      return gatherLanes(request.passphrase, mixed);
    },
  };
}
