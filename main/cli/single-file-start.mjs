#!/usr/bin/env node
/*
 * Lifeboat, the whole program as one file. It needs Node and nothing else.
 *
 * All of it stands below, as it was written, within one long comment: a Node that is too old to read it passes it
 * over, and can say so in one line. Any other Node runs what is in the comment.
 */
import { readFileSync } from 'fs';
import { createRequire } from 'module';
import { fileURLToPath } from 'url';
import { compileFunction } from 'vm';

// The check of Node goes here.

const path = fileURLToPath(import.meta.url);
const [start, program] = readFileSync(path, 'utf8').split(/\n\/\* The program:\r?\n/);
// Within the comment, the ends of other comments are written *&#47;
compileFunction(
  program.slice(0, program.lastIndexOf('*/')).split('*&#47;').join('*/'),
  ['require', '__filename'],
  {
    filename: path,
    lineOffset: start.split('\n').length + 1,
  },
)(createRequire(path), path);
