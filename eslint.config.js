// Lint of the player's JavaScript and of all style sheets. Layout is prettier's, types are TypeScript's.

import css from '@eslint/css';
import js from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import globals from 'globals';

/** Native nesting of Chrome 112, Firefox 117 and Safari 16.5, without what was relaxed later. */
const NESTING = [
  {
    selector: 'Rule Rule > SelectorList > Selector > TypeSelector:first-child',
    message: 'Browsers of 2023 ignore a nested selector that starts with an element: write "& " before it.',
  },
  {
    selector: 'Block > Rule ~ Declaration',
    message: 'Browsers of 2023 move declarations before nested rules: write them there.',
  },
];

export default defineConfig([
  globalIgnores(['.venv/', '.cache/', 'build/', 'dist/']),
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.js'],
    extends: [js.configs.recommended],
    rules: {
      curly: ['error', 'multi-line'],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-shadow': 'error',
      'no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      'no-var': 'error',
      'object-shorthand': 'error',
      'prefer-const': 'error',
      'prefer-template': 'error',
    },
  },
  { files: ['app/**/*.js'], languageOptions: { globals: globals.browser } },
  { files: ['*.js', 'tests/**/*.js'], languageOptions: { globals: globals.node } },
  {
    files: ['app/**/*.css'],
    plugins: { css },
    language: 'css/css',
    extends: [css.configs.recommended],
    rules: {
      'css/no-important': 'off', // Streamlit's style sheets come after ours
      'css/no-invalid-properties': ['error', { allowUnknownVariables: true }], // variables are shared by all sheets
      'css/use-baseline': [
        'error',
        // Where these are not known the page looks plainer and works the same.
        { available: 2023, allowProperties: ['accent-color', 'field-sizing', 'scrollbar-color', 'scrollbar-width'] },
      ],
      'no-restricted-syntax': ['error', ...NESTING],
    },
  },
]);
