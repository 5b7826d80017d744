# Everything a newcomer needs: `make run`, then `make test`. Only Python >= 3.11 has to be there.
PYTHON ?= $(firstword $(foreach p,python3 python3.13 python3.12 python3.11 python,$(shell command -v $(p) 2>/dev/null)))
START := $(if $(PYTHON),$(PYTHON),python3) bootstrap.py

.PHONY: run test setup check bench lock faults clean help

help:          ## 列出可用的目标
	@$(START) help

run:           ## 从零到可用的医院；再次运行数秒启动，数据保留
	@$(START) run

setup:         ## 虚拟环境、依赖、前端构建
	@$(START) setup

test:          ## 从零到完整测试
	@$(START) test

check:         ## 格式、静态检查、类型、引用规则、架构测试
	@$(START) check

bench:         ## 基准测试
	@$(START) bench

lock:          ## 重新锁定依赖版本
	@$(START) lock

faults:        ## 过账压力下随机 kill -9 的故障测试
	@$(START) faults

clean:         ## 删除环境与构建产物（不删数据 var/）
	@$(START) clean
