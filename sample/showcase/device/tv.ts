/** The client of a device that shows a code (RFC 8628), instead of sending the user to a login page. */
export const TV = 'harbour-tv';

/** Its users are those of this provider: the issuer is the same, and so is `sub`. */
export const TV_PROVIDER = 'harbour';
