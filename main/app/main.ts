/** Where Electron begins: the app with the real backend. */
import { createBackend } from '../backend/backend.ts';
import { startApp } from './lifecycle.ts';

startApp(createBackend);
