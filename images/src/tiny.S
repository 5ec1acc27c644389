# Boot-sector guests: one 512-byte program that a BIOS starts in about 0.1 s, assembled once for each
# variant with `--defsym VARIANT_<name>=1`. They stand in for an operating system wherever only the way
# a guest lives and ends matters.
#
# A guest prints UP on COM1 once it listens to the ACPI power button, and DOWN just before it powers off.
# SeaBIOS puts the ACPI power management block of `pc` and `q35` at port 0x600 (not on `microvm`).
# Register layouts: ACPI 6.5 section 4.8.3, QEMU docs/specs/pvpanic, QEMU hw/watchdog/wdt_i6300esb.c.

        .intel_syntax noprefix
        .code16
        .global _start

        .set COM1, 0x3f8
        .set COM1_STATUS, 0x3fd
        .set PM1_STATUS, 0x600
        .set PM1_ENABLE, 0x602
        .set PM1_CONTROL, 0x604
        .set POWER_BUTTON, 0x100        # PWRBTN_STS and PWRBTN_EN
        .set SLEEP_S5, 0x2000           # SLP_EN with QEMU's SLP_TYP of S5, which is 0
        .set TICKS_PER_SECOND, 25
        .set PIT_DIVISOR, 47727         # 1 193 182 Hz / 25

_start: cli
        xor ax, ax
        mov ds, ax
        mov ss, ax
        mov sp, 0x7c00
        cld

        # A tick each 40 ms: the BIOS wakes us from hlt. At 10 ms, dozens of emulated guests would fill a processor.
        mov al, 0x34
        out 0x43, al
        mov al, PIT_DIVISOR & 0xff
        out 0x40, al
        mov al, PIT_DIVISOR >> 8
        out 0x40, al
        sti

        # QEMU drops the button's event unless the guest has enabled it.
        mov dx, PM1_ENABLE
        mov ax, POWER_BUTTON
        out dx, ax
.ifdef VARIANT_witness
        jmp witness
.endif
        mov si, offset up
        call print

.ifdef VARIANT_off
        jmp power_off
.endif

.ifdef VARIANT_off_after
        mov cx, TICKS_PER_SECOND
        call wait_ticks
        jmp power_off
.endif

.ifdef VARIANT_reset
        jmp reset
.endif

.ifdef VARIANT_reset_once
        # A byte of CMOS memory tells the second boot from the first: it outlives a reset, but not QEMU.
        mov al, 0x7f
        out 0x70, al
        in al, 0x71
        cmp al, 0x5a
        je await_button
        mov al, 0x7f
        out 0x70, al
        mov al, 0x5a
        out 0x71, al
        jmp reset
.endif

.ifdef VARIANT_crash
        # An exception without a table to handle it: triple fault.
        cli
        lidt [no_table]
        int3
.endif

.ifdef VARIANT_rest
        # Mode 0 without a count: no tick ever comes, and nothing else is listened to.
        mov al, 0x30
        out 0x43, al
        cli
1:      hlt
        jmp 1b
.endif

.ifdef VARIANT_spin
        cli
        jmp $
.endif

.ifdef VARIANT_panic
        # pvpanic, bit 0: on the PCI bus if it is there, else the ISA port.
        mov cx, 0x0011
        mov dx, 0x1b36
        call find_device
        jc 1f
        mov byte ptr fs:[ecx], 1
1:      mov dx, 0x505
        mov al, 1
        out dx, al
.endif

.ifdef VARIANT_watchdog
        # i6300esb, two stages of 200 ms each, never fed. Every register write needs the unlock sequence.
        mov cx, 0x25ab
        mov dx, 0x8086
        call find_device
        jc await_button
        call unlock
        mov dword ptr fs:[ecx], 200
        call unlock
        mov dword ptr fs:[ecx + 4], 200
        mov ax, 0xb10c                  # PCI BIOS: write a word; both interrupts off
        mov di, 0x60
        mov cx, 3
        int 0x1a
        mov ax, 0xb10b                  # write a byte; bit 1 of the lock register starts the clock
        mov di, 0x68
        mov cl, 2
        int 0x1a
.endif

await_button:
        hlt
        mov dx, PM1_STATUS
        in ax, dx
        test ax, POWER_BUTTON
        jz await_button

.ifdef VARIANT_ignore
        mov ax, POWER_BUTTON
        out dx, ax
        mov si, offset ignored
        call print
        jmp await_button
.endif

.ifdef VARIANT_slow
        mov cx, 3 * TICKS_PER_SECOND
        call wait_ticks
.endif

power_off:
        mov si, offset down
        call print
        mov dx, PM1_CONTROL
        mov ax, SLEEP_S5
        out dx, ax
1:      hlt
        jmp 1b

reset:  mov dx, 0xcf9
        mov al, 6
        out dx, al
1:      hlt
        jmp 1b

# Waits cx ticks.
wait_ticks:
        hlt
        loop wait_ticks
        ret

# Prints the string at si on COM1.
print:  lodsb
        test al, al
        jz 2f
        mov ah, al
        mov dx, COM1_STATUS
1:      in al, dx
        test al, 0x20
        jz 1b
        mov dx, COM1
        mov al, ah
        out dx, al
        jmp print
2:      ret

.if FAR_MEMORY
# Finds the PCI device cx of vendor dx: its address in bx, its first BAR in ecx. Carry if there is none.
# Leaves fs able to reach all 4 GiB ("unreal mode": the limit loaded in protected mode stays).
find_device:
        mov ax, 0xb102
        xor si, si
        int 0x1a
        jc 1f
        mov ax, 0xb10a
        mov di, 0x10
        int 0x1a
        and ecx, 0xfffffff0
        cli
        lgdt [table_pointer]
        mov eax, cr0
        or al, 1
        mov cr0, eax
        mov dx, 8
        mov fs, dx
        and al, 0xfe
        mov cr0, eax
        xor dx, dx
        mov fs, dx
        sti
        clc
1:      ret

unlock: mov dword ptr fs:[ecx + 12], 0x80
        mov dword ptr fs:[ecx + 12], 0x86
        ret

        .balign 8
table:  .quad 0
        .quad 0x00cf92000000ffff        # data, base 0, limit 4 GiB
table_pointer:
        .word . - table - 1
        .long table
.endif

.ifdef VARIANT_witness
        # Says who it is, so that whoever reads its console and its disk can tell one boot from another, and
        # does what the keyboard asks for. Second sector of its disk: boots so far, id of the boot that has it.
        .set SECTOR, 0x7e00
        .set BOOT_ID, 0x600
        .set COUNT, 0x604
        .set DEAF, 0x608
witness:
        push ds
        pop es
        rdtsc
        mov [BOOT_ID], eax
        xor eax, eax
        mov [COUNT], eax
        mov [DEAF], al
        mov ah, 2
        call disk
        inc dword ptr [SECTOR]
        mov eax, [BOOT_ID]
        mov [SECTOR + 4], eax
        mov ah, 3
        call disk
        mov si, offset up_as
        mov edx, [SECTOR]
        call report

second: mov cx, TICKS_PER_SECOND
tick:   hlt
        mov dx, PM1_STATUS
        in ax, dx
        test ax, POWER_BUTTON
        jz 1f
        cmp byte ptr [DEAF], 0
        je power_off
1:      mov ah, 1
        int 0x16
        jz 3f
        mov ah, 0
        int 0x16
        cmp al, 'o'
        je power_off
        cmp al, 'r'
        je reset
        cmp al, 'd'
        jne 2f
        mov [DEAF], al
2:      cmp al, 'c'
        je crash
        cmp al, 'p'
        jne 3f
        mov dx, 0x505
        mov al, 1
        out dx, al
3:      loop tick
        inc dword ptr [COUNT]
        mov ah, 2
        call disk
        mov si, offset still
        mov eax, [SECTOR + 4]
        cmp eax, [BOOT_ID]
        je 4f
        mov si, offset robbed
4:      mov edx, [COUNT]
        call report
        jmp second

crash:  cli
        lidt [no_table]
        int3

# Reads (ah 2) or writes (ah 3) the second sector of the boot disk.
disk:   mov al, 1
        mov bx, SECTOR
        mov cx, 2
        mov dx, 0x80
        int 0x13
        ret

# Prints the word at si, the boot's id and edx.
report: push edx
        call print
        mov edx, [BOOT_ID]
        call hex
        mov si, offset blank
        call print
        pop edx
        call hex
        mov si, offset up + 2
        jmp print

# Prints edx in hexadecimal. The digits go through a string, for print takes nothing else.
hex:    mov cl, 8
        mov si, offset digits
1:      rol edx, 4
        mov al, dl
        and al, 15
        cmp al, 10
        sbb al, 0x69
        das
        mov [si], al
        inc si
        dec cl
        jnz 1b
        sub si, 8
        push edx
        call print
        pop edx
        ret

up_as:  .asciz "UP "
still:  .asciz "STILL "
robbed: .asciz "ROBBED "
blank:  .asciz " "
digits: .asciz "01234567"
.endif

no_table:
        .word 0
        .long 0
up:     .asciz "UP\r\n"
down:   .asciz "DOWN\r\n"
ignored: .asciz "IGNORED\r\n"

        .org 510
        .word 0xaa55
