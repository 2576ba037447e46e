/* SPDX-License-Identifier: MIT */
/*
 * test-make.c - plans for a host
 */
#include "planned.h"

#include "host/host.h"

/* Every limit at once, whatever the machine is: without a disk it says so. */
static void test_survey(void **state)
{
	struct host_snapshot *snapshot = calloc(1, sizeof(*snapshot));
	struct ration_host host = { .newest = snapshot };
	struct ration_plan *plan;
	const struct ration_plan_item *item;

	(void)state;
	for (enum world world = V2; world < WORLDS; world++) {
		snapshot->facts = make_facts(world);
		(void)strcpy(snapshot->root, "/nowhere");
		assert_int_equal(ration_plan_survey(&host, &plan, NULL), 0);
		assert_int_equal(ration_plan_count(plan), LIMIT_INDEX_COUNT);
		for (size_t i = 0; (item = ration_plan_item(plan, i)); i++) {
			assert_int_equal(item->limit, ration_limit_at(i)->limit);
			if (ration_limit_info(item->limit)->key == RATION_KEY_DISK) {
				assert_int_equal(item->mechanism, RATION_MECHANISM_NONE);
				assert_non_null(strstr(item->reason, world == MACOS ? "no limit of I/O" : "no disk"));
			}
		}
		if (world == V2)
			assert_string_equal(item_of(plan, RATION_LIMIT_HUGETLB)->in_force_key, "2MB");
		assert_null(ration_plan_free(plan));
	}
	free(snapshot);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_survey),
	};

	return cmocka_run_group_tests_name("make", tests, NULL, NULL);
}
