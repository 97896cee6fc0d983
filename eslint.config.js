// Lint rules of the house: strict types everywhere, and the direction in which rooms may import each other.
import js from '@eslint/js';
import reactHooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';

/** Refuses imports of the named folders, with the reason shown to whoever tries. */
function mayNotImport(folders, because) {
  return {
    'no-restricted-imports': [
      'error',
      {
        patterns: [
          { group: folders.flatMap((folder) => [`**/${folder}/**`, `**/${folder}`]), message: because },
          ...electronOnlyInApp,
        ],
      },
    ],
  };
}

const electronOnlyInApp = [
  { group: ['electron', 'electron/*'], message: 'Only main/app and preload may import electron.' },
];

/** Messages go through the contract; only the two ends of its wire touch the channels themselves. */
const rawChannels = {
  name: 'electron',
  importNames: ['ipcMain', 'ipcRenderer'],
  message:
    'Raw channels only in main/app/ipc.ts and preload/preload.ts: everything else goes through the contract.',
};

const nodeModules = [
  'node:*',
  'fs',
  'path',
  'crypto',
  'child_process',
  'worker_threads',
  'os',
  'stream',
  'zlib',
];

const noDefaultExports = {
  selector: 'ExportDefaultDeclaration',
  message: 'Export by name, so that a thing has one name everywhere.',
};

/** The computer's clock jumps, when it is set or finds the network's time. */
const noWallClock = [
  "CallExpression[callee.object.name='Date'][callee.property.name='now']",
  "NewExpression[callee.name='Date'][arguments.length=0]",
].map((selector) => ({ selector, message: 'Measure by performance.now(): the clock on the wall jumps.' }));

export default tseslint.config(
  { ignores: ['dist/', 'release/', 'node_modules/', '**/*.wasm.ts', '**/assembly/', 'test/fixtures/'] },
  js.configs.recommended,
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        project: ['./tsconfig.json', './tsconfig.web.json'],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unnecessary-condition': [
        'error',
        { allowConstantLoopConditions: 'only-allowed-literals' },
      ],
      'no-restricted-syntax': ['error', noDefaultExports],
      eqeqeq: 'error',
    },
  },
  {
    files: ['main/**', 'shared/**', 'renderer/**', 'preload/**'],
    rules: { 'no-restricted-syntax': ['error', noDefaultExports, ...noWallClock] },
  },
  {
    files: ['shared/**'],
    rules: mayNotImport(
      ['main', 'renderer', 'preload', ...nodeModules],
      'shared is what both sides know: no Node, no DOM, and nothing of either side.',
    ),
  },
  {
    files: ['renderer/**'],
    plugins: { 'react-hooks': reactHooks },
    rules: {
      ...reactHooks.configs.recommended.rules,
      ...mayNotImport(['main', 'preload', ...nodeModules], 'The renderer sees shared only, and has no Node.'),
    },
  },
  {
    files: ['preload/**'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            { group: ['**/main/**', '**/renderer/**', ...nodeModules], message: 'preload sees shared only.' },
          ],
        },
      ],
    },
  },
  {
    files: ['main/recovery/**'],
    rules: mayNotImport(
      ['engine', 'backend', 'app', 'browser', 'cli', 'renderer', 'preload'],
      'recovery is the library: it imports shared and itself only.',
    ),
  },
  {
    files: ['main/engine/**'],
    rules: mayNotImport(
      ['backend', 'app', 'browser', 'cli', 'renderer', 'preload'],
      'engine imports recovery and shared only.',
    ),
  },
  {
    files: ['main/backend/**'],
    rules: mayNotImport(['app', 'browser', 'cli', 'renderer', 'preload'], 'backend does not know its hosts.'),
  },
  {
    files: ['main/browser/**', 'main/cli/**'],
    rules: mayNotImport(['app', 'renderer', 'preload'], 'Hosts do not know each other.'),
  },
  {
    files: ['main/app/**'],
    ignores: ['main/app/ipc.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          paths: [rawChannels],
          patterns: [
            {
              group: ['**/cli/**', '**/browser/**', '**/renderer/**', '**/preload/**'],
              message: 'Hosts do not know each other.',
            },
          ],
        },
      ],
    },
  },
  {
    // These are called by their tools, which look for a default export.
    files: ['eslint.config.js', '*.config.ts', 'test/support/{global-setup,closing-count}.ts'],
    rules: { 'no-restricted-syntax': 'off' },
  },
  { files: ['**/*.{js,cjs,mjs}'], extends: [tseslint.configs.disableTypeChecked] },
  {
    // What looks at the Node that runs it, before anything else is loaded.
    files: ['main/cli/*.{cjs,mjs}'],
    languageOptions: { globals: { console: 'readonly', process: 'readonly' } },
  },
);
