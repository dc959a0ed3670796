/** Everything below is for the operator alone. */
export const ADMIN_PATH = "/api/admin";
