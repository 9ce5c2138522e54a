/* Makes the replica set and its two users; asked again it changes nothing. Run beside the first member, as the
   first user can be made from there alone. */

const admin = db.getSiblingDB("admin");
const HOSTS = ["mongo-1:27017", "mongo-2:27017", "mongo-3:27017"];

function signsIn(user, password) {
  try {
    return Boolean(admin.auth(user, password));
  } catch {
    return false;
  }
}

function waitForPrimary() {
  for (let tries = 0; tries < 120; tries += 1) {
    if (db.hello().isWritablePrimary) return;
    sleep(500);
  }
  throw new Error("mongo-1 did not become primary within a minute: look at the log of mongo-2 and mongo-3");
}

if (!signsIn("owner", process.env.MONGO_OWNER_PASSWORD)) {
  try {
    rs.initiate({
      _id: "selo",
      // The first one leads while it is there: it is where this script makes the users.
      members: HOSTS.map((host, number) => ({ _id: number, host, priority: number ? 1 : 2 })),
    });
  } catch (fault) {
    if (fault.codeName !== "AlreadyInitialized") throw fault;
  }
  waitForPrimary();
  admin.createUser({ user: "owner", pwd: process.env.MONGO_OWNER_PASSWORD, roles: ["root"] });
  admin.auth("owner", process.env.MONGO_OWNER_PASSWORD);
}
waitForPrimary();
/* What Selo needs: its own database. `dbAdmin` is for its indexes and the options of its collections. */
if (!admin.getUser("selo"))
  admin.createUser({
    user: "selo",
    pwd: process.env.MONGO_PASSWORD,
    roles: [
      { role: "readWrite", db: "selo" },
      { role: "dbAdmin", db: "selo" },
    ],
  });
print("The replica set stands.");
