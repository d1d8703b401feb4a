import type { ClientSettings } from '../config/client-settings.js';
import type { RegisterOptions } from '../config/register-options.js';
import type { RemoteAppClass } from '../remote-app/app-class.js';

/** Settings of a client in code. `overwrite` applies at start-up; at run time, it is an option of `register()`. */
export type ClientRegistration = ClientSettings &
  Pick<RegisterOptions, 'overwrite'> & {
    appClass?: RemoteAppClass;
  };
