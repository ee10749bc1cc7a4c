-- name: insert_customer
-- A new customer.
INSERT INTO customers (name, created_at) VALUES (%(name)s, %(now)s) RETURNING id;

-- name: list_customers
-- A page of customers by id.
SELECT id, name, created_at FROM customers WHERE id > %(after)s AND NOT is_house ORDER BY id LIMIT %(limit)s;

-- name: insert_labelers
-- New labelers, all or none; the order of the ids is the order of the names.
INSERT INTO labelers (name, role, created_at)
SELECT name, role, %(now)s FROM unnest(%(names)s::text[], %(roles)s::text[]) WITH ORDINALITY AS n (name, role, place)
ORDER BY place
RETURNING id, name;

-- name: list_labelers
-- A page of labelers by id.
SELECT id, name, role, created_at FROM labelers WHERE id > %(after)s ORDER BY id LIMIT %(limit)s;

-- name: change_role
-- A labeler's new role, on the person, on all keys and on the account of that person.
WITH person AS (
    UPDATE labelers SET role = %(role)s WHERE id = %(labeler)s RETURNING id, name, role, created_at
), keys AS (
    UPDATE api_keys SET role = %(role)s WHERE labeler = %(labeler)s
), accounts AS (
    UPDATE accounts SET role = %(role)s WHERE labeler = %(labeler)s
)
SELECT id, name, role, created_at FROM person;

-- name: roles_of
-- The role of each of some labelers; who was erased has none.
SELECT id, role FROM labelers WHERE id = ANY(%(labelers)s) AND erased_at IS NULL;

-- name: insert_keys
-- New keys, of which only the hash is known.
INSERT INTO api_keys (hash, role, customer, labeler, name, ending, created_at)
SELECT hash, role, customer, labeler, name, ending, %(now)s
FROM unnest(%(hashes)s::bytea[], %(roles)s::text[], %(customers)s::integer[], %(labelers)s::integer[], %(names)s::text[],
            %(endings)s::text[])
     WITH ORDINALITY AS n (hash, role, customer, labeler, name, ending, place)
ORDER BY place
RETURNING id, hash;

-- name: find_key
-- The owner of a key that has not been revoked.
SELECT id, role, customer, labeler FROM api_keys WHERE hash = %(hash)s AND revoked_at IS NULL;

-- name: revoke
-- End a key; a key that has ended keeps the time of its end.
UPDATE api_keys SET revoked_at = coalesce(revoked_at, %(now)s) WHERE id = %(key)s RETURNING id;

-- name: find_customer
-- A customer by its id.
SELECT id, name, created_at FROM customers WHERE id = %(customer)s AND NOT is_house;

-- name: list_keys
-- A customer's keys, the newest first.
SELECT id, name, ending, created_at, revoked_at FROM api_keys
WHERE customer = %(customer)s AND id < %(before)s
ORDER BY id DESC LIMIT %(limit)s;

-- name: revoke_of_customer
-- End a key that is a customer's; a key that has ended keeps the time of its end.
UPDATE api_keys SET revoked_at = coalesce(revoked_at, %(now)s)
WHERE id = %(key)s AND customer = %(customer)s RETURNING id;

-- name: revoke_of_labeler
-- End all keys of a labeler.
UPDATE api_keys SET revoked_at = %(now)s WHERE labeler = %(labeler)s AND revoked_at IS NULL;

-- name: customer_names
-- The names of some customers.
SELECT id, name FROM customers WHERE id = ANY (%(customers)s::integer[]);
