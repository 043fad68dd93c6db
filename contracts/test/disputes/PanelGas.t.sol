// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Bonds} from "../../src/lib/Bonds.sol";
import {PanelFixture} from "./support/PanelFixture.sol";

interface VmCallGas {
    struct Gas {
        uint64 limit;
        uint64 total;
        uint64 memoryUsed;
        int64 refunded;
        uint64 remaining;
    }

    function lastCallGas() external view returns (Gas memory);
}

/// What a panel costs at most, as transactions of their own.
contract PanelGasTest is PanelFixture {
    event log_named_uint(string key, uint256 val);

    /// forge-config: default.isolate = true
    function test_gas_of_a_draw_among_31() external {
        draws(31, 2_500_000);
    }

    /// forge-config: default.isolate = true
    function test_gas_of_a_draw_among_200() external {
        draws(200, 6_500_000);
    }

    /// All 53 that three rounds can have are bound, heard and paid.
    /// forge-config: default.isolate = true
    function test_gas_of_the_largest_panels_end() external {
        list(0, 60, Bonds.STAKE_MIN);
        ask(0);
        drawAll();
        hear(7, 0, 0);
        appeal(0);
        note("appeal", 150_000);
        drawAll();
        hear(0, 15, 0);
        appeal(1);
        drawAll();
        commit(0, true);
        note("commit", 120_000);
        vm.warp(block.timestamp + PERIOD / 2);
        reveal(0, true);
        note("reveal", 120_000);
        vm.warp(block.timestamp + PERIOD);
        conclude();
        note("conclude after three rounds", 1_500_000);
    }

    function draws(uint256 count, uint256 most) private {
        list(0, count, Bonds.STAKE_MIN);
        ask(0);
        note("ask", 250_000);
        drawAll();
        note("draw 7", most);
        hear(0, 0, 0);
        conclude();
        note("begin the next round", 120_000);
        drawAll();
        note("draw 15", most);
        hear(0, 0, 0);
        conclude();
        drawAll();
        note("draw 31", most);
    }

    function note(string memory what, uint256 most) private {
        uint256 gas = VmCallGas(address(vm)).lastCallGas().total;
        emit log_named_uint(what, gas);
        vm.assertLe(gas, most, what);
    }
}
