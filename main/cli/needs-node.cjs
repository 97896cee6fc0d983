/**
 * Ends with one line, and as a wrong usage does, where Node is too old for what it is about to run. It is loaded before
 * anything else, and written in the JavaScript of Node 12: an older Node cannot even read the rest.
 */
'use strict';

// TypeScript is what Node 22.18 and later run as it is; what was built of it asks for less.
const needed = /\.ts$/.test(process.argv[1]) ? [22, 18] : [20, 19];
const found = process.versions.node.split('.').map(Number);
if (found[0] < needed[0] || (found[0] === needed[0] && found[1] < needed[1])) {
  console.error(
    'lifeboat: needs Node ' + needed.join('.') + ' or newer, and this is Node ' + process.versions.node + '.',
  );
  process.exit(2);
}
