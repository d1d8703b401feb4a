/** The client of a device that shows a code (RFC 8628). */
export const TV = 'harbour-tv';

/** The provider whose users sign in on the device. The issuer and `sub` are the same. */
export const TV_PROVIDER = 'harbour';
