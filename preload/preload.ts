/** What the wizard's page gets from outside its sandbox: its contract's client, and the paths of dropped files. */
import { contextBridge, ipcRenderer, webUtils } from 'electron';
import { callChannel, eventChannel } from '../shared/contract/channels.ts';
import { clientOf, type Transport } from '../shared/contract/define.ts';
import { wizardContract } from '../shared/contract/wizard.ts';

const transport: Transport = {
  call: (name, args) => ipcRenderer.invoke(callChannel, name, args),
  listen(name, listener) {
    // The event itself stays here: through its sender a page could reach every channel.
    const hear = (_event: unknown, heard: unknown, payload: unknown) => {
      if (heard === name) listener(payload);
    };
    ipcRenderer.on(eventChannel, hear);
    return () => void ipcRenderer.off(eventChannel, hear);
  },
};

contextBridge.exposeInMainWorld('lifeboat', clientOf(wizardContract, transport));
contextBridge.exposeInMainWorld('lifeboatFiles', {
  pathOf: (file: File) => webUtils.getPathForFile(file),
});
