// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {BlockResult, ChannelTerms} from "../../src/interfaces/ChannelTypes.sol";
import {Delegation} from "../../src/interfaces/BlockTypes.sol";
import {BlockWork} from "../support/BlockWork.sol";

interface VmGas {
    struct Gas {
        uint64 limit;
        uint64 total;
        uint64 memoryUsed;
        int64 refunded;
        uint64 remaining;
    }

    function lastCallGas() external view returns (Gas memory);
}

/// What each act costs as a transaction of its own; run with --isolate.
contract GasTest is BlockWork {
    event log_named_uint(string key, uint256 val);

    VmGas private constant meter = VmGas(address(vm));
    uint256 private spent;

    function test_gas_3() public {
        measure(3);
    }

    function test_gas_16() public {
        measure(16);
    }

    function note(string memory what) private {
        uint256 total = meter.lastCallGas().total;
        spent += total;
        emit log_named_uint(what, total);
    }

    function measure(uint256 count) private {
        ChannelTerms memory terms = openTerms(count);
        bytes[] memory signatures = signaturesFor(count, channels.channelIdOf(terms));
        bytes[] memory boxes = boxesFor(count);
        bytes32 id = channels.openChannel(terms, signatures, boxes);
        note("open");
        token.mint(address(this), 1e30);
        token.approve(address(vault), 1e30);
        for (uint8 i = 1; i < count; i++) {
            vault.deposit(id, i, 1e20);
            if (i == 1) note("deposit, first");
        }
        vault.deposit(id, 1, 1e20);
        note("deposit, later");
        for (uint64 n = 0; n < 2; n++) {
            emit log_named_uint("block", n);
            spent = 0;
            measureBlock(id, n, count);
            emit log_named_uint("block of all acts", spent);
        }
        vm.prank(account(0));
        vault.requestWithdrawal(id, 1, 1e18);
        note("request");
        vm.prank(account(1));
        vault.release(id, 1e6);
        note("release");
        vm.prank(account(1));
        vault.withdraw(address(token), account(1), 1);
        note("withdraw");
        vm.prank(account(0));
        channels.closeChannel(id);
        note("close");
    }

    function measureBlock(bytes32 id, uint64 n, uint256 count) private {
        vm.warp(collationAt(n));
        BlockResult memory result = resultOf(count, 1000, uint16((1 << count) - 1));
        for (uint256 i = 0; i < count; i++) {
            post(id, n, i);
            note("post");
        }
        for (uint256 i = 0; i < count; i++) {
            Delegation memory delegation = delegationOf(id, n, i, true);
            bytes32 commitment = commitmentOf(id, n, validator(i), result);
            bytes memory signature = delegationSignature(delegation);
            bytes32[] memory path = keyPath(n);
            vm.prank(delegation.validator);
            blocks.commitResult(delegation, signature, path, commitment);
            note("commit");
        }
        for (uint256 i = 0; i < count; i++) {
            blocks.revealResult(id, n, uint8(i), result, OPENING, WORK, SALT);
            note("reveal");
        }
        BlockResult[] memory standing = new BlockResult[](1);
        standing[0] = result;
        blocks.settle(id, n, standing);
        note("settle");
    }
}
