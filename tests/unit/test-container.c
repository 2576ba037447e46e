/* SPDX-License-Identifier: MIT */
/*
 * test-container.c - which container, and whose kernel
 */
#include "made.h"

/* Whose container it is, by what is there; and whether the hierarchy is seen from its group downwards. */
static void test_containers(void **state)
{
	static const struct {
		const char *name;
		const char *file[FILES_MAX][2];
		bool container, cgroup_namespace;
		const char *kind;
	} cases[] = {
		{ "none", { { 0 } }, false, false, "" },
		{ "docker", { { ".dockerenv", "" } }, true, false, "docker" },
		{ "podman, with both marks", { { ".dockerenv", "" }, { "run/.containerenv", "" } }, true, false, "podman" },
		{ "what systemd has found", { { "run/systemd/container", "systemd-nspawn\n" } }, true, false,
			"systemd-nspawn" },
		{ "an empty file of systemd's", { { "run/systemd/container", "" } }, false, false, "" },
		{ "not a word", { { "run/systemd/container", "\033[31m\n" } }, false, false, "" },
		{ "too long a word", { { "run/systemd/container", "a-word-that-is-too-long-to-be-that-of-a-runtime\n" } },
			false, false, "" },
		{ "the first process", { { "proc/1/environ", "PATH=/bin" } }, false, false, "" },
		{ "the first process's variable", { { "proc/1/environ", "container=lxc" } }, true, false, "lxc" },
		{ "no mark, but a namespace", { { "cg/cgroup.events", "populated 1\n" } }, true, true, "" },
		{ "a mark and a namespace", { { "cg/cgroup.events", "populated 1\n" }, { ".dockerenv", "" } }, true, true,
			"docker" },
		{ "our group alone, of the host's namespace", { { "cg/cgroup.events", "populated 1\n" },
			{ "proc/self/mountinfo", MOUNTED("/a/b") } }, false, false, "" },
		{ "a mount from outside of ours", { { "proc/self/mountinfo", MOUNTED("/../..") } }, true, true, "" },
		{ "a pod, by its secret", { { "var/run/secrets/kubernetes.io/serviceaccount/token", "" } }, true, false,
			"kubernetes" },
		{ "by the variable of its first process", { { "proc/1/environ", "KUBERNETES_SERVICE_HOST=10.0.0.1" } }, true,
			false, "kubernetes" },
		{ "whatever its runtime leaves", { { "proc/1/environ", "KUBERNETES_SERVICE_HOST=10.0.0.1" },
			{ "run/.containerenv", "" } }, true, false, "kubernetes" },
		{ "our own variable, which anybody may set", { { "proc/self/environ", "KUBERNETES_SERVICE_HOST=10.0.0.1" } },
			false, false, "" },
		{ "and the kernel shows a container", { { "proc/self/environ", "KUBERNETES_SERVICE_HOST=10.0.0.1" },
			{ "cg/cgroup.events", "populated 1\n" } }, true, true, "kubernetes" },
		{ "a pod's group, as systemd has it", { { "proc/self/cgroup",
			"0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1.slice/cri-containerd-2.scope\n" } },
			true, false, "kubernetes" },
		{ "of cgroup v1", { { "proc/self/cgroup", "4:memory:/kubepods/besteffort/pod1/2\n0::/a/b\n" } }, true, false,
			"kubernetes" },
		{ "a container in a pod's", { { "proc/self/cgroup", "0::/kubepods/pod1/docker/2\n" }, { ".dockerenv", "" } },
			true, false, "docker" },
		{ "systemd's word for WSL", { { "run/systemd/container", "wsl\n" } }, false, false, "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct ration_host *host;
		char root[PATH_MAX];
		struct ration_host_info info = see(root, cases[i].file, NULL, &host);

		assert_row(info.container == cases[i].container, "%s: container %d", cases[i].name, info.container);
		assert_row(info.cgroup_namespace == cases[i].cgroup_namespace, "%s: a namespace", cases[i].name);
		assert_row(strcmp(info.container_kind, cases[i].kind) == 0, "%s: %s", cases[i].name,
				info.container_kind);
		see_end(host, root);
	}
}

/* Which kernel it is, and how that is brought to leave its controllers to cgroup v2. */
static void test_kernels(void **state)
{
	static const struct {
		const char *name;
		const char *file[FILES_MAX][2];
		const char *kernel, *kind, *fix; /* a word of it */
	} cases[] = {
		{ "as any", { { "proc/version", "Linux version 6.1.0 (a@b) #1 SMP\n" } }, "6.1.0", "", "boot with cgroup_no_v1" },
		{ "no file of its own", { { "proc/sys/kernel/osrelease", "" }, { "proc/version", "Linux version 6.2.0-x (a@b)\n" } },
			"6.2.0-x", "", "boot with" },
		{ "none that tells", { { "proc/sys/kernel/osrelease", "" } }, "", "", "boot with" },
		{ "WSL 2", { { "proc/sys/kernel/osrelease", "5.15.90.1-microsoft-standard-WSL2\n" } },
			"5.15.90.1-microsoft-standard-WSL2", "wsl2", ".wslconfig: [wsl2] kernelCommandLine = cgroup_no_v1=all" },
		{ "WSL 1", { { "proc/sys/kernel/osrelease", "4.4.0-19041-Microsoft\n" } }, "4.4.0-19041-Microsoft", "wsl1",
			"--set-version" },
		{ "gVisor, by its release", { { "proc/sys/kernel/osrelease", "4.19.0-gvisor\n" } }, "4.19.0-gvisor", "gvisor",
			"outside" },
		{ "by its build", { { "proc/sys/kernel/osrelease", "4.4.0\n" },
			{ "proc/version", "Linux version 4.4.0 #1 SMP Sun Jan 10 15:06:54 PST 2016\n" } }, "4.4.0", "gvisor", "outside" },
		{ "by a file that it alone has", { { "proc/sentry-meminfo", "" } }, "6.1.0", "gvisor", "outside" },
	};
	static const char *const v1[FILES_MAX][2] = {
		{ "proc/self/mountinfo", "32 31 0:29 / /cg/memory rw - cgroup cgroup rw,memory\n" },
		{ "proc/self/cgroup", "3:memory:/\n" },
		{ "cg/memory/cgroup.procs", "1\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct ration_host *host;
		char root[PATH_MAX];
		struct ration_host_info info = see(root, cases[i].file, v1, &host);

		assert_row(strcmp(info.kernel, cases[i].kernel) == 0, "%s: %s", cases[i].name, info.kernel);
		assert_row(strcmp(info.kernel_kind, cases[i].kind) == 0, "%s: %s", cases[i].name, info.kernel_kind);
		assert_row(strstr(info.base_fix, cases[i].fix), "%s: %s", cases[i].name, info.base_fix);
		see_end(host, root);
	}
}

/* What gVisor's groups take, of whichever cgroup, is no limit; not even if the caller names the group. */
static void test_gvisor(void **state)
{
	struct ration_host_options options = { .size = sizeof(options) };
	struct ration_host *host = NULL;
	struct ration_host_info info;
	char root[PATH_MAX], base[PATH_MAX + 8];

	(void)state;
	files_begin(root);
	build(root, (const char *const[FILES_MAX][2]){ { "proc/sentry-meminfo", "" } });
	info = info_of(host = open_tree(root));
	assert_true(info.hierarchy == RATION_HIERARCHY_V2 && info.base_kind == RATION_BASE_NONE);
	assert_true(!info.base && info.controllers == 0 && info.controllers_v1 == 0);
	assert_non_null(strstr(info.base_reason, "gVisor"));
	host = ration_host_free(host);
	(void)snprintf(base, sizeof(base), "%s/cg/a", root);
	options.base = base;
	assert_int_equal(host_open(root, &options, &host, NULL), 0);
	info = info_of(host);
	assert_true(info.base_kind == RATION_BASE_REFUSED && !info.base && info.controllers == 0);
	assert_null(ration_host_free(host));
	files_end(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_containers),
		cmocka_unit_test(test_kernels),
		cmocka_unit_test(test_gvisor),
	};

	return cmocka_run_group_tests_name("container", tests, NULL, NULL);
}
