/** The few commands of the menu, for their keys: a wizard shows its choices on its pages. */
import { Menu, type MenuItemConstructorOptions } from 'electron';

/** Roles bring their own words and keys. Neither reloading nor developer tools are among them. */
export function menuFor(platform: NodeJS.Platform): MenuItemConstructorOptions[] {
  const view: MenuItemConstructorOptions[] = [
    { role: 'minimize' },
    { role: 'togglefullscreen' },
    { type: 'separator' },
    { role: 'resetZoom' },
    { role: 'zoomIn' },
    { role: 'zoomOut' },
  ];
  return [
    platform === 'darwin' ? { role: 'appMenu' } : { role: 'fileMenu' },
    { role: 'editMenu' },
    { role: 'window', submenu: view },
  ];
}

export function installMenu(): void {
  Menu.setApplicationMenu(Menu.buildFromTemplate(menuFor(process.platform)));
}
